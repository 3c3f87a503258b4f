import { isArrayOf, isString } from '../base/guard';
import { makeVisibleName } from '../gate/visible';
import { askToStart } from './startQuestion';
import type { StateStore } from './stateStore';

const consentsKey = 'folderCodeConsents';
const maxConsents = 51;
const maxNames = 12;

/** Code of a folder that an agent runs by itself when it starts. `digest` is of the content of all files. */
interface FolderCode {
  readonly adapter: string;
  readonly files: readonly string[];
  readonly digest: string;
}

/** Asks before an agent runs such code; once for the same content. */
export function createFolderCodeConsent(
  state: StateStore,
  displayName: (adapter: string) => string | undefined,
): (code: FolderCode) => Promise<boolean> {
  return async ({ adapter, files, digest }) => {
    const consent = `${adapter}|${digest}`;
    const given = state.get(consentsKey, isArrayOf(isString)) ?? [];
    if (given.includes(consent)) {
      return true;
    }
    const more = files.length - maxNames;
    const isAgreed = await askToStart({
      message: `This folder holds code that ${displayName(adapter) ?? adapter} runs by itself when it starts. Start it?`,
      detail: [
        ...files.slice(0, maxNames).map(makeVisibleName),
        ...(more > 0 ? [`… and ${more} more files`] : []),
        '',
        'It runs without any question. Asked again when one of these files changes.',
      ].join('\n'),
    });
    if (isAgreed) {
      await state.set(consentsKey, [...given.slice(1 - maxConsents), consent]);
    }
    return isAgreed;
  };
}
