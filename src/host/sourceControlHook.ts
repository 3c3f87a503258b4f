import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { PostWriteHook } from '../tools/postWriteHooks';

/** A repository that the editor has open. `root` tells it from others. */
export interface OpenRepository {
  readonly root: string;
  readonly refresh: () => Promise<void>;
}

/**
 * Has the source control of the written file look at it again. Nobody waits for it, and it tells the model nothing;
 * writes in a row lead to one look while one is under way, and to one more after it.
 */
export function createSourceControlHook(
  repositoryOf: (path: string) => OpenRepository | undefined,
  logger: Logger,
): PostWriteHook {
  const running = new Map<string, { isAskedAgain: boolean }>();
  const refresh = async (repository: OpenRepository): Promise<void> => {
    const known = running.get(repository.root);
    if (known !== undefined) {
      known.isAskedAgain = true;
      return;
    }
    const state = { isAskedAgain: false };
    running.set(repository.root, state);
    try {
      do {
        state.isAskedAgain = false;
        await repository.refresh();
      } while (isAskedAgain(state));
    } catch (error) {
      logger.debug(`source control of ${repository.root}: ${errorMessage(error)}`);
    } finally {
      running.delete(repository.root);
    }
  };
  return {
    name: 'source control',
    begin: () => (write) => {
      const repository = repositoryOf(write.path);
      if (repository !== undefined) {
        void refresh(repository);
      }
      return Promise.resolve(undefined);
    },
  };
}

/** Asked after a wait, in which it may have changed. */
function isAskedAgain(state: { readonly isAskedAgain: boolean }): boolean {
  return state.isAskedAgain;
}
