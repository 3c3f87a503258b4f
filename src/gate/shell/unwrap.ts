import type { CommandWord, ShellKind } from './contract';
import { decodeUtf16Base64 } from './encodedCommand';
import { isShellName, programName } from './programNames';
import { commandOptions, wrappers, type Wrapper } from './wrapperTable';

/** What runs inside a command: other commands, and texts that a shell reads. */
export interface Unwrapped {
  readonly argvs: readonly (readonly CommandWord[])[];
  readonly texts: readonly ShellText[];
}

export interface ShellText {
  readonly text: string;
  readonly shell: ShellKind;
}

type Words = readonly CommandWord[];

/**
 * One layer of what a command would run: for deny rules, so where an option is not known both readings count. The
 * caller unwraps again what it gets. What it gets is always shorter, so this ends.
 */
export function unwrap(words: Words, shell: ShellKind): Unwrapped {
  const found: Found = { argvs: [], texts: [] };
  const name = programName(words[0]);
  if (name === undefined) {
    return found;
  }
  if (keywords.has(name)) {
    addArgv(words.slice(1), found);
  } else if (name === 'coproc') {
    // A name may stand before the group.
    addArgv(words.slice(words.indexOf('{') + 1), found);
  }
  const wrapper = wrappers.get(name);
  if (wrapper !== undefined) {
    unwrapPrefix(words, wrapper, shell, found);
  }
  if (isShellName(name)) {
    unwrapShell(words, found);
  } else if (name === 'powershell' || name === 'pwsh') {
    unwrapPowershell(words, found);
  } else if (name === 'cmd') {
    unwrapCmd(words, found);
  } else if (
    name === 'iex' ||
    name === 'invoke-expression' ||
    name === 'icm' ||
    name === 'invoke-command'
  ) {
    addText(
      words.slice(1).filter((word) => word?.startsWith('-') !== true),
      'powershell',
      found,
    );
  } else if (name === 'alias') {
    words.slice(1).forEach((word) => addText([word?.replace(/^[^=]*=/, '')], shell, found));
  } else if (name === 'find' || name === 'gfind' || name === 'fd' || name === 'fdfind') {
    unwrapFind(words, found);
  } else if (name === 'git') {
    unwrapGit(words, found);
  }
  const options = commandOptions.get(name);
  if (options !== undefined) {
    addTexts(words, (word) => options.has(word), 'bash', found);
  }
  if (name.includes('tar')) {
    for (const word of words) {
      const text = /^--checkpoint-action=exec=(.*)$/s.exec(word ?? '')?.[1];
      addText([text], 'bash', found);
    }
  }
  return found;
}

/** Where the grammar takes what stands before a command for its name. */
const keywords: ReadonlySet<string> = new Set(['{', '}', '!', 'then', 'do', 'else', '&', '.']);

interface Found {
  readonly argvs: Words[];
  readonly texts: ShellText[];
}

function addArgv(words: Words, found: Found): void {
  if (words.length > 0) {
    found.argvs.push(words);
  }
}

function addText(words: Words, shell: ShellKind, found: Found): void {
  const known = words.map((word) => word ?? '""');
  if (words.some((word) => word !== undefined && word !== '')) {
    found.texts.push({ text: known.join(' '), shell });
  }
}

/** The values of the options that `isWanted` names: attached with `=`, attached to a short one, or the next word. */
function addTexts(
  words: Words,
  isWanted: (option: string) => boolean,
  shell: ShellKind,
  found: Found,
): void {
  words.forEach((word, index) => {
    if (index === 0 || word?.startsWith('-') !== true) {
      return;
    }
    const equals = word.indexOf('=');
    if (equals > 0 && isWanted(word.slice(0, equals))) {
      addText([word.slice(equals + 1)], shell, found);
    } else if (
      isWanted(word) ||
      (/^-[A-Za-z]{2,}$/.test(word) && isWanted(`-${word.at(-1) ?? ''}`))
    ) {
      addText([words[index + 1]], shell, found);
    } else if (!word.startsWith('--') && isWanted(word.slice(0, 2))) {
      addText([word.slice(2)], shell, found);
    }
  });
}

/** `-c`, also among other letters or with its text attached; more options may stand before the text. */
function unwrapShell(words: Words, found: Found): void {
  const option = words.findIndex(
    (word, index) => index > 0 && /^-[a-zA-Z]*c|^--command/.test(word ?? ''),
  );
  if (option === -1) {
    return;
  }
  addText([/^(?:-c|--command=)(.+)$/s.exec(words[option] ?? '')?.[1]], 'bash', found);
  for (const word of words.slice(option + 1)) {
    addText([word], 'bash', found);
  }
}

function unwrapPrefix(words: Words, wrapper: Wrapper, shell: ShellKind, found: Found): void {
  addTexts(words, (option) => wrapper.texts.has(option), shell, found);
  let at = 1;
  if (wrapper.verbs.size > 0) {
    const verb = words.findIndex(
      (word, index) => index > 0 && word !== undefined && wrapper.verbs.has(word),
    );
    if (verb === -1) {
      return;
    }
    at = verb + 1;
  }
  const emit = (index: number): void => {
    const inner = words.slice(index);
    addArgv(inner, found);
    if (wrapper.isText) {
      addText(inner, shell, found);
    }
  };
  let operands = wrapper.operands;
  for (; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined) {
      emit(at + 1);
      operands -= 1;
    } else if (word === '--') {
      // Operands may still stand behind it.
      emit(at + 1);
    } else if (word.startsWith('-') && word.length > 1) {
      if (wrapper.values.has(word.toLowerCase()) || wrapper.values.has(word)) {
        at += 1;
      } else if (!word.includes('=')) {
        emit(at + 1);
        emit(at + 2);
      }
    } else if (wrapper.takesVariables && /^[^=]+=/.test(word)) {
      continue;
    } else if (operands > 0) {
      operands -= 1;
    } else {
      break;
    }
  }
  emit(at);
}

function unwrapFind(words: Words, found: Found): void {
  words.forEach((word, index) => {
    const attached = /^(?:-x|-X|--exec=|--exec-batch=)(.+)$/s.exec(word ?? '')?.[1];
    const isExec = /^(?:-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(word ?? '');
    if (index > 0 && (isExec || attached !== undefined)) {
      const rest = words.slice(index + 1);
      const end = rest.findIndex((next) => next === ';' || next === '+');
      const inner = end === -1 ? rest : rest.slice(0, end);
      addArgv(attached === undefined ? inner : [attached, ...inner], found);
    }
  });
}

/** Configuration that git runs: aliases and every value that can be a program. */
function unwrapGit(words: Words, found: Found): void {
  const addValue = (setting: string | undefined): void => {
    const value = /^[^=]*=!?(.*)$/s.exec(setting ?? '')?.[1];
    addText([value], 'bash', found);
  };
  let at = 1;
  for (; at < words.length; at += 1) {
    const word = words[at];
    if (word === '-c') {
      addValue(words[at + 1]);
      at += 1;
    } else if (word?.startsWith('-c') === true) {
      addValue(word.slice(2));
    } else if (word !== undefined && gitValueOptions.has(word)) {
      at += 1;
    } else if (word?.startsWith('-') !== true) {
      break;
    }
  }
  const rest = words.slice(at);
  if (at > 1) {
    addArgv(rest.length > 0 ? ['git', ...rest] : [], found);
  }
  const [verb] = rest;
  if (verb === 'config') {
    rest.slice(1).forEach((word) => {
      if (word?.startsWith('!') === true || word?.includes(' ') === true) {
        addText([word.replace(/^!/, '')], 'bash', found);
      }
    });
  }
  if (verb === 'bisect' && rest[1] === 'run') {
    addArgv(rest.slice(2), found);
  }
  if (verb === 'submodule') {
    const each = rest.indexOf('foreach');
    if (each > 0) {
      const inner = rest.slice(each + 1).filter((word) => word !== '--recursive' && word !== '-q');
      addArgv(inner, found);
      addText(inner, 'bash', found);
    }
  }
  addTexts(rest, (option) => gitTextOptions.test(option), 'bash', found);
}

const gitValueOptions: ReadonlySet<string> = new Set([
  '-C',
  '--git-dir',
  '--work-tree',
  '--namespace',
  '--exec-path',
  '--super-prefix',
  '--config-env',
  '--attr-source',
]);

const gitTextOptions =
  /^(?:-x|-O|--exec|--extcmd|--upload-pack|--receive-pack|--open-files-in-pager|--[a-z]+-filter|-u)$/;

function unwrapPowershell(words: Words, found: Found): void {
  for (let at = 1; at < words.length; at += 1) {
    const option = words[at]?.toLowerCase().replace(/^[-/\u2013\u2014\u2015]/, '') ?? '';
    const isOption = /^[-/\u2013\u2014\u2015]/.test(words[at] ?? '');
    if (isOption && option !== '' && 'encodedcommand'.startsWith(option.replace(/^ec$/, 'e'))) {
      const text = decodeUtf16Base64(words[at + 1] ?? '');
      addText([text], 'powershell', found);
      at += 1;
    } else if (
      isOption &&
      (option === 'c' || (option.length > 1 && 'command'.startsWith(option)))
    ) {
      addText(words.slice(at + 1), 'powershell', found);
      return;
    } else if (!isOption) {
      // The value of an option, or the command.
      addText(words.slice(at), 'powershell', found);
    }
  }
}

function unwrapCmd(words: Words, found: Found): void {
  const at = words.findIndex((word) => /^\/[ckr]/i.test(word ?? ''));
  if (at > 0) {
    const attached = (words[at] ?? '').slice(2);
    addText([...(attached === '' ? [] : [attached]), ...words.slice(at + 1)], 'cmd', found);
  }
}
