import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const languages = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  markdown,
  php,
  python,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

/** HTML of the code with `hljs-*` spans; undefined for a language that is not known. Its output is still to be sanitised. */
export type Highlighter = (code: string, language: string) => string | undefined;

/** A chunk of its own: it is asked for when the first code block with a language is complete. */
export function createHighlighter(): Highlighter {
  const highlighter = hljs.newInstance();
  for (const [name, definition] of Object.entries(languages)) {
    highlighter.registerLanguage(name, definition);
  }
  highlighter.registerAliases(['console', 'shellsession', 'fish'], { languageName: 'bash' });
  return (code, language) =>
    highlighter.getLanguage(language) === undefined
      ? undefined
      : highlighter.highlight(code, { language, ignoreIllegals: true }).value;
}
