/** What the page around the panel is made of. All addresses are absolute or relative to the page. */
export interface ShellOptions {
  /** Fresh for each page, from a cryptographic source. */
  readonly nonce: string;
  /** `webview.cspSource`: where the extension's own files come from. */
  readonly cspSource: string;
  /** `dist/webview/main.js`; the chunks beside it are reached through `import()`. */
  readonly scriptUri: string;
  readonly styleUri: string;
  /** `dist/webview/codicon.css`, with `codicon.ttf` beside it. */
  readonly codiconUri: string;
  /** BCP 47 tag of the editor's display language. */
  readonly lang: string;
}

/**
 * The panel's document. No inline script and no inline style with a text is allowed in it: the script has the nonce, its chunks come
 * from the extension's own files, and the toolkit's styles are constructed sheets, which need no permission. Nothing
 * is loaded from elsewhere, nothing can be posted, framed or rebased.
 */
export function renderShell(options: ShellOptions): string {
  const { nonce, cspSource, scriptUri, styleUri, codiconUri, lang } = options;
  return `<!DOCTYPE html>
<html lang="${attribute(lang)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(contentSecurityPolicy(nonce, cspSource))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Patchbay</title>
<link rel="stylesheet" href="${attribute(codiconUri)}">
<link rel="stylesheet" href="${attribute(styleUri)}">
</head>
<body>
<div id="root"></div>
<script type="module" nonce="${attribute(nonce)}" src="${attribute(scriptUri)}"></script>
</body>
</html>
`;
}

/**
 * SHA-256 of nothing: allows an inline style element without text, and no other. The toolkit makes such an element at its
 * start to learn whether the browser knows `:focus-visible`; without it its focus rings show on every click.
 */
const hashOfEmptyStyle = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

function contentSecurityPolicy(nonce: string, cspSource: string): string {
  return [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}' ${cspSource}`,
    `style-src ${cspSource} '${hashOfEmptyStyle}'`,
    `font-src ${cspSource}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}

function attribute(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
