#!/usr/bin/env node
// Pictures of every scene: node test/support/panel-page/shots.mjs [--out artifacts/panel] [--scene s]... [--theme t]... [--width 420]...
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { findBrowser } from '../browser.mjs';
import { scenes } from './scenes.mjs';
import { servePanel, themes } from './serve.mjs';

const many = { type: 'string', multiple: true };
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    scene: many,
    theme: many,
    width: many,
    height: { type: 'string' },
  },
});
const out = values.out ?? 'artifacts/panel';
mkdirSync(out, { recursive: true });
const { executablePath, env } = await findBrowser();
const page = await servePanel();
const browser = await chromium.launch({
  executablePath,
  env: { ...process.env, ...env },
  args: ['--no-sandbox'],
});
try {
  for (const scene of values.scene ?? Object.keys(scenes)) {
    for (const theme of values.theme ?? themes) {
      for (const width of values.width ?? ['300', '420', '800']) {
        const view = await browser.newPage({
          viewport: { width: Number(width), height: Number(values.height ?? 720) },
        });
        view.on('console', (m) => console.log(`${scene} ${theme} ${width}: ${m.text()}`));
        view.on('pageerror', (e) => console.log(`${scene} ${theme} ${width}: ${e.message}`));
        await view.goto(page.panelUrl(scene, theme));
        await view.waitForTimeout(700);
        await view.screenshot({ path: path.join(out, `${scene}-${theme}-${width}.png`) });
        await view.close();
      }
    }
  }
} finally {
  await browser.close();
  await page.close();
}
