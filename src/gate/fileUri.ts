/** What a URI names: a path of this machine, a place elsewhere, or nothing that can be used. */
export type UriPlace =
  | { readonly kind: 'file'; readonly path: string }
  /** `origin` is scheme and authority in small letters: `vscode-vfs://github`. */
  | { readonly kind: 'elsewhere'; readonly origin: string; readonly path: string }
  | { readonly kind: 'unusable' };

/**
 * Reads a URI as a path, decoding it exactly once: `%252e` becomes the name `%2e`, `%2f` a separator. Query and fragment
 * name no file and go. What two readers could take differently is unusable: raw backslashes and controls, blanks around,
 * broken escapes, no leading slash. An authority of a file is the server of a share, `localhost` too: the editor reads it so.
 *
 * Source: RFC 3986, RFC 8089, and `Uri.fsPath` of VS Code.
 */
export function readUri(uri: string, syntax: 'posix' | 'win32'): UriPlace {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)/i.exec(uri);
  const [, scheme = '', authority = '', rawPath = ''] = match ?? [];
  const path = decodeOnce(rawPath);
  if (
    match === null ||
    scheme.length < 2 ||
    /[\\\p{Cc}]/u.test(uri) ||
    uri.trim() !== uri ||
    path?.startsWith('/') !== true
  ) {
    return { kind: 'unusable' };
  }
  if (scheme.toLowerCase() !== 'file') {
    return { kind: 'elsewhere', origin: `${scheme}://${authority}`.toLowerCase(), path };
  }
  if (authority !== '') {
    return { kind: 'file', path: `//${authority}${path}` };
  }
  // `/C:/x`: the slash before a drive belongs to the URI.
  return { kind: 'file', path: syntax === 'win32' ? path.replace(/^\/(?=[a-z]:)/i, '') : path };
}

function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // an escape that is cut or no UTF-8 names nothing
  }
}
