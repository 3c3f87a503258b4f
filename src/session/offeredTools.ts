import type { PermissionMode } from '../gate/contract';
import type { ModelRef, ToolSpec } from '../runtime/contract';
import type { ToolOrchestrator } from '../tools/contract';

/** Our tools as this model is offered them in this mode; none for an agent that works with its own. */
export function offeredTools(
  orchestrator: Pick<ToolOrchestrator, 'permittedTools'>,
  model: ModelRef,
  mode: PermissionMode,
): readonly ToolSpec[] {
  return model.runtime !== undefined && model.toolSource !== 'patchbay'
    ? []
    : orchestrator
        .permittedTools(mode)
        .map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
}
