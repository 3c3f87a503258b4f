// Drives VS Code's workbench with playwright-core. English, default key bindings.

/** Loads the workbench and waits until it can be used. */
export async function openWorkbench(page, host, payload) {
  await page.goto(host.url(payload), { waitUntil: 'domcontentloaded' });
  await workbenchReady(page);
}

export async function workbenchReady(page) {
  await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
  await page.locator('.monaco-workbench .activitybar .action-item').first().waitFor();
}

const palette = (page) => page.locator('.quick-input-widget input.input');

/** Runs a command through the palette, by the title that it shows ("Category: Title"). */
export async function runCommand(page, title) {
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press('F1');
    try {
      await palette(page).waitFor({ state: 'visible', timeout: 2000 });
      await palette(page).fill(`>${title}`, { timeout: 2000 }); // what takes the focus now closes the palette
      break;
    } catch (error) {
      if (attempt === 5) throw error;
      const titleBar = page.locator('.monaco-workbench .part.titlebar'); // takes the focus out of a webview
      await titleBar.click({ position: { x: 5, y: 5 } }).catch(() => {});
    }
  }
  await pickRow(page, title);
}

/** Chooses a row of the open quick pick by a part of its text. */
export async function pickRow(page, text) {
  const row = page
    .locator('.quick-input-widget .monaco-list-row')
    .filter({ hasText: text })
    .first();
  await row.waitFor({ timeout: 15_000 });
  await row.click();
}

/** Types into the open input box and accepts it. */
export async function fillInput(page, text) {
  const box = palette(page);
  await box.waitFor({ state: 'visible', timeout: 15_000 });
  await box.fill(text);
  await box.press('Enter');
}

/** Opens a view by the title of its container in the activity bar. */
export async function openView(page, title) {
  const item = page
    .locator(`.monaco-workbench .composite-bar .action-item a[aria-label^="${title}"]`)
    .first();
  await item.waitFor({ timeout: 30_000 });
  // After a reload the workbench may be about to open it by itself; a click at that moment would close it.
  const part = page.locator('.monaco-workbench .part.sidebar .composite.title h2', {
    hasText: title,
  });
  for (let attempt = 1; !(await part.isVisible()); attempt++) {
    if (attempt > 5) throw new Error(`the view "${title}" does not open`);
    // A badge with a count lies over the icon and takes the click for it.
    await item.click({ force: true });
    await part.waitFor({ timeout: 5000 }).catch(() => {});
  }
}

/**
 * The frame with a webview's own document. VS Code nests two: `iframe.webview` (its service worker's page) and in it
 * `iframe#active-frame` (the extension's HTML). `has` is a selector that must be visible there.
 */
export async function webviewFrame(page, { extensionId, has = 'body', timeout = 30_000 } = {}) {
  const endMs = Date.now() + timeout;
  for (;;) {
    for (const frame of page.frames()) {
      if (await isWebview(frame, extensionId, has)) return frame;
    }
    if (Date.now() > endMs) {
      const frames = page.frames().map((f) => `${f.name()} ${f.url()}`);
      throw new Error(
        `no webview of ${extensionId ?? 'any extension'} with ${has}; frames:\n${frames.join('\n')}`,
      );
    }
    await page.waitForTimeout(50);
  }
}

async function isWebview(frame, extensionId, has) {
  const outer = frame.parentFrame(); // the frame's own name stays "pending-frame"
  if (!outer || !/\/webview\/browser\/pre\/|vscode-webview/.test(outer.url())) return false;
  const owner = new URL(outer.url()).searchParams.get('extensionId') ?? '';
  if (extensionId && owner.toLowerCase() !== extensionId.toLowerCase()) return false;
  try {
    const id = await (await frame.frameElement()).getAttribute('id');
    return id === 'active-frame' && (await frame.locator(has).first().isVisible());
  } catch {
    return false; // replaced meanwhile
  }
}

export const notifications = (page) =>
  page.locator('.notifications-toasts .notification-list-item-message').allInnerTexts();

/** Clicks a button of a notification that contains `text`. */
export async function answerNotification(page, text, button) {
  const toast = page.locator('.notification-list-item').filter({ hasText: text }).first();
  await toast.waitFor({ timeout: 15_000 });
  await toast.locator('.monaco-button', { hasText: button }).first().click();
}

/** Clicks a button of the modal dialog. */
export async function answerDialog(page, button) {
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.waitFor({ timeout: 15_000 });
  await dialog.locator('.monaco-button', { hasText: button }).first().click();
}
