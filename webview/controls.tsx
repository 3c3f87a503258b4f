import { h, type ComponentChildren, type JSX, type RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { visibleParts } from './visibleText';

/** The small parts of every view. Text buttons and fields are the toolkit's elements, also before they are upgraded. */

export function Icon({ name }: { readonly name: string }): JSX.Element {
  return <span class={`codicon codicon-${name}`} aria-hidden="true" />;
}

export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  readonly isPrimary?: boolean;
  readonly isDisabled?: boolean;
  /** Shown on hover; the visible words are the name. */
  readonly title?: string;
  /** Spoken instead of the visible words, when these are too short to stand alone. */
  readonly label?: string;
  /** For a button that shows and hides something: whether it is shown, and the id of what it shows. */
  readonly isExpanded?: boolean;
  readonly controls?: string;
  /** Takes the focus when it appears: only for the harmless answer to a question that the user has just asked for. */
  readonly takesFocus?: boolean;
  readonly testId?: string;
}

/** The toolkit's button. Until its chunk has arrived a plain look of `styles/toolkit.css` stands in. */
export function Button(props: ButtonProps): JSX.Element {
  const button = useRef<HTMLElement>(null);
  useTakenFocus(button, props.takesFocus);
  return h(
    'vscode-button',
    {
      ref: button,
      appearance: props.isPrimary === true ? 'primary' : 'secondary',
      disabled: props.isDisabled === true,
      title: props.title,
      'aria-label': props.label,
      'aria-expanded': props.isExpanded,
      'aria-controls': props.controls,
      'data-testid': props.testId,
      onClick: (event: Event) => {
        event.stopPropagation();
        if (props.isDisabled !== true) {
          props.onClick();
        }
      },
    },
    props.children,
  );
}

function useTakenFocus(element: RefObject<HTMLElement>, takesFocus = false): void {
  useLayoutEffect(() => {
    if (takesFocus) {
      element.current?.focus();
      // Once more for an element that draws what can be focused in its own time.
      requestAnimationFrame(() => element.current?.focus());
    }
  }, [takesFocus]);
}

export interface IconButtonProps {
  readonly icon: string;
  /** Name for screen readers and tooltip. */
  readonly label: string;
  readonly onClick: () => void;
  readonly className?: string;
  readonly testId?: string;
  readonly isDisabled?: boolean;
}

/** As the editor draws its own title actions: an icon that gets a background under the pointer. */
export function IconButton(props: IconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class={`icon-button codicon codicon-${props.icon} ${props.className ?? ''}`}
      title={props.label}
      aria-label={props.label}
      disabled={props.isDisabled}
      data-testid={props.testId}
      onClick={(event) => {
        event.stopPropagation();
        props.onClick();
      }}
    />
  );
}

export interface TextFieldProps {
  readonly label: string;
  /** Draws the label above the field; without it the label is only spoken. */
  readonly isLabelled?: boolean;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly onEnter?: () => void;
  readonly onEscape?: () => void;
  readonly placeholder?: string;
  readonly isPassword?: boolean;
  /** Takes the focus when it appears: only for fields that the user has just asked for. */
  readonly takesFocus?: boolean;
  readonly id?: string;
  readonly testId?: string;
}

/** The toolkit's text field. */
export function TextField(props: TextFieldProps): JSX.Element {
  const field = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    // The toolkit's element names itself "Text field" when it comes into the page, or when it is defined after that.
    const name = (): void => field.current?.setAttribute('aria-label', props.label);
    name();
    void customElements.whenDefined('vscode-text-field').then(name);
  }, [props.label]);
  useTakenFocus(field, props.takesFocus);
  return h(
    'vscode-text-field',
    {
      ref: field,
      id: props.id,
      value: props.value,
      placeholder: props.placeholder,
      type: props.isPassword === true ? 'password' : 'text',
      'aria-label': props.label,
      'data-testid': props.testId,
      onInput: (event: Event) => props.onInput(valueOf(event)),
      onKeyDown: (event: KeyboardEvent) => {
        if (event.isComposing) {
          return;
        }
        if (event.key === 'Enter' && props.onEnter !== undefined) {
          event.preventDefault();
          props.onEnter();
        } else if (event.key === 'Escape' && props.onEscape !== undefined) {
          event.preventDefault();
          event.stopPropagation();
          props.onEscape();
        }
      },
    },
    props.isLabelled === true ? props.label : null,
  );
}

function valueOf(event: Event): string {
  const { currentTarget } = event;
  return currentTarget !== null &&
    'value' in currentTarget &&
    typeof currentTarget.value === 'string'
    ? currentTarget.value
    : '';
}

export interface CheckboxProps {
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly children: ComponentChildren;
}

/** The toolkit's checkbox. */
export function Checkbox(props: CheckboxProps): JSX.Element {
  return h(
    'vscode-checkbox',
    {
      checked: props.isChecked,
      onChange: (event: Event) => {
        const { currentTarget } = event;
        if (currentTarget !== null && 'checked' in currentTarget) {
          props.onChange(currentTarget.checked === true);
        }
      },
    },
    props.children,
  );
}

export interface RadioGroupProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly content: ComponentChildren }[];
}

/** The toolkit's radio group, one option below the other. */
export function RadioGroup(props: RadioGroupProps): JSX.Element {
  return h(
    'vscode-radio-group',
    {
      orientation: 'vertical',
      'aria-label': props.label,
      value: props.value,
      onChange: (event: Event) => props.onChange(valueOf(event)),
    },
    props.options.map(({ value, content }) => h('vscode-radio', { key: value, value }, content)),
  );
}

/** What went wrong, where it was tried; announced as it appears. */
export function Problem({
  text,
  id,
}: {
  readonly text: string;
  readonly id?: string;
}): JSX.Element {
  return (
    <p class="problem" id={id} role="alert">
      <Icon name="error" />
      <span>{text}</span>
    </p>
  );
}

/** Text of an agent, with what hides in it made visible. */
export function Visible({
  text,
  isOneLine = false,
}: {
  readonly text: string;
  readonly isOneLine?: boolean;
}): JSX.Element {
  return (
    <>
      {visibleParts(text, { isOneLine }).map((part) =>
        part.isMark ? <span class="hidden-character">{part.text}</span> : part.text,
      )}
    </>
  );
}
