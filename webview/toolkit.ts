import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeRadio,
  vsCodeRadioGroup,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

/**
 * Defines the toolkit's elements; those that stand in the page already are upgraded in place. A chunk of its own, loaded
 * after the first paint. Its styles are constructed sheets, which the page's policy allows. The toolkit
 * copies theme colours only at the page's load event, which is over by now: `styles/toolkit.css` gives its tokens
 * the theme's variables instead, and so follows a change of theme by itself.
 */
export function upgradeControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeTextField(),
    vsCodeCheckbox(),
    vsCodeRadio(),
    vsCodeRadioGroup(),
  );
}
