/**
 * For the day the toolkit's chunk cannot be loaded: the same element names with what the browser has. Buttons take
 * focus and keys, fields hold an input; the look is the plain one.
 */
export function definePlainControls(): void {
  define('vscode-button', PlainButton);
  define('vscode-text-field', PlainTextField);
}

function define(name: string, element: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) {
    customElements.define(name, element);
  }
}

class PlainButton extends HTMLElement {
  connectedCallback(): void {
    this.tabIndex = 0;
    this.setAttribute('role', 'button');
    this.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        this.click();
      }
    });
  }
}

class PlainTextField extends HTMLElement {
  private readonly input = document.createElement('input');

  connectedCallback(): void {
    this.input.className = 'text-input';
    this.input.placeholder = this.getAttribute('placeholder') ?? '';
    this.input.type = this.getAttribute('type') ?? 'text';
    this.input.setAttribute('aria-label', this.getAttribute('aria-label') ?? '');
    this.append(this.input);
  }

  get value(): string {
    return this.input.value;
  }

  set value(text: string) {
    this.input.value = text;
  }

  override focus(): void {
    this.input.focus();
  }
}
