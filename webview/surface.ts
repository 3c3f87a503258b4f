/** What is open over the conversation or instead of it. */
export type Surface = 'chat' | 'history' | 'models' | 'endpoint' | 'modes' | 'effort' | 'context';
