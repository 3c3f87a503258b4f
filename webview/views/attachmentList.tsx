import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Attachment } from '../attachments';
import { IconButton } from '../controls';
import { byteSize } from '../words';

const sizePx = 40;

/** The pictures that go with the next prompt. */
export function AttachmentList(props: {
  readonly attachments: readonly Attachment[];
  /** Why the chosen model gets none of them. */
  readonly problem: string | undefined;
  readonly onRemove: (id: string) => void;
}): JSX.Element | null {
  return props.attachments.length === 0 ? null : (
    <>
      <ul
        class={`attachments ${props.problem === undefined ? '' : 'is-untaken'}`}
        aria-label="Pictures for the next prompt"
        aria-describedby={props.problem === undefined ? undefined : 'attachments-problem'}
      >
        {props.attachments.map((attachment) => (
          <li key={attachment.id} class="attachment" data-testid="attachment">
            <Preview blob={attachment.blob} />
            <span class="attachment-name" title={attachment.name}>
              {attachment.name === '' ? 'picture' : attachment.name}
            </span>
            <span class="attachment-size">{byteSize(attachment.sizeBytes)}</span>
            <IconButton
              icon="close"
              label={`Remove ${attachment.name === '' ? 'this picture' : attachment.name}`}
              onClick={() => props.onRemove(attachment.id)}
              testId="attachment-remove"
            />
          </li>
        ))}
      </ul>
      {props.problem !== undefined && (
        <p class="attachments-problem" id="attachments-problem" data-testid="attachments-problem">
          {props.problem}
        </p>
      )}
    </>
  );
}

/** Painted from the bytes themselves: the page's policy loads no images, not even its own. */
function Preview({ blob }: { readonly blob: Blob }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isGone = false;
    createImageBitmap(blob).then(
      (bitmap) => {
        const context = isGone ? null : canvas.current?.getContext('2d');
        const scale = Math.min(sizePx / bitmap.width, sizePx / bitmap.height);
        const [width, height] = [bitmap.width * scale, bitmap.height * scale];
        context?.drawImage(bitmap, (sizePx - width) / 2, (sizePx - height) / 2, width, height);
        bitmap.close();
      },
      // A damaged picture has no preview; the model says what it makes of it.
      () => undefined,
    );
    return () => {
      isGone = true;
    };
  }, [blob]);
  return (
    <canvas
      ref={canvas}
      class="attachment-preview"
      width={sizePx}
      height={sizePx}
      aria-hidden="true"
    />
  );
}
