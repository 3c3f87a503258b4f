import type { JSX } from 'preact';
import { assertNever } from '../../src/base/assertNever';
import type { EffectView, PathClassView } from '../../src/protocol/viewTypes';
import { Icon, Visible } from '../controls';
import { counted } from '../words';

/** One effect of a call, complete: nothing of a command, a path or an address is cut. */
export function EffectLines({ effect }: { readonly effect: EffectView }): JSX.Element | null {
  switch (effect.kind) {
    case 'command':
      return (
        <>
          <Whole text={effect.command} label="Command" />
          <Fact name="in" value={effect.cwd} pathClass={effect.cwdClass} />
        </>
      );
    case 'read':
    case 'write':
      return (
        <>
          <Fact name="path" value={effect.path} pathClass={effect.pathClass} />
          {effect.target !== effect.path && <Fact name="leads to" value={effect.target} />}
        </>
      );
    case 'network':
      return <Whole text={effect.url} label="Address" />;
    case 'mcp':
      return (
        <>
          <Fact name="server" value={effect.server} />
          <Fact name="tool" value={effect.tool} />
        </>
      );
    case 'unknown':
      return <Fact name="does" value={effect.description} />;
    case 'question':
    case 'none':
      return null;
    default:
      return assertNever(effect);
  }
}

/** From this many lines on their count is said, so that nobody misses what is below the edge. */
const manyLines = 12;

function Whole({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const lineCount = text.split('\n').length;
  return (
    <div class="whole">
      <pre class="block" tabIndex={0} aria-label={label}>
        <Visible text={text} />
      </pre>
      {lineCount >= manyLines && (
        <span class="block-note">{counted(lineCount, 'line')}, scroll to read all</span>
      )}
    </div>
  );
}

const classWords: { readonly [C in PathClassView]: string } = {
  inside: '',
  outside: 'outside the workspace',
  protected: 'protected',
  secret: 'may hold secrets',
  invalid: 'cannot be resolved',
};

function Fact(props: {
  readonly name: string;
  readonly value: string;
  readonly pathClass?: PathClassView;
}): JSX.Element {
  const note = classWords[props.pathClass ?? 'inside'];
  return (
    <p class="fact">
      <span class="fact-name">{props.name}</span>
      <span class="fact-value">
        <Visible text={props.value} isOneLine />
      </span>
      {note !== '' && (
        <span class="fact-note">
          <Icon name="warning" /> {note}
        </span>
      )}
    </p>
  );
}
