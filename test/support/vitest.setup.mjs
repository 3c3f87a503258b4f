// Property tests draw the same values everywhere, so that a red one is red for all; another draw is asked for by name.
//   FC_SEED=random | <number>
import fc from 'fast-check';

const asked = process.env.FC_SEED ?? '20260101';
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked) });
