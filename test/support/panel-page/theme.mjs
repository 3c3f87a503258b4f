/** Does what the editor does to the page of a webview: classes, data and the theme's variables. */
export function useTheme({ bodyClass, kind, variables }) {
  for (const [name, value] of Object.entries(variables)) {
    document.documentElement.style.setProperty(name, value);
  }
  // The editor paints the side bar behind the frame.
  document.documentElement.style.backgroundColor = variables['--vscode-sideBar-background'];
  document.documentElement.style.colorScheme = kind.includes('light') ? 'light' : 'dark';
  document.body.className = bodyClass;
  document.body.dataset.vscodeThemeKind = kind;
}
