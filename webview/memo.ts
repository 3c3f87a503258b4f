import { Component, createElement, type ComponentType, type FunctionComponent } from 'preact';

/** Draws again only when a property changed; lists are compared by their entries. */
export function memo<P extends object>(View: FunctionComponent<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      return !isSameShape(this.props, next);
    }

    override render() {
      return createElement(View, this.props);
    }
  };
}

function isSameShape(before: object, after: object): boolean {
  const previous = new Map<string, unknown>(Object.entries(before));
  const next = Object.entries(after);
  return (
    previous.size === next.length &&
    next.every(([name, value]) => isSame(previous.get(name), value))
  );
}

function isSame(before: unknown, after: unknown): boolean {
  return (
    Object.is(before, after) ||
    (Array.isArray(before) &&
      Array.isArray(after) &&
      before.length === after.length &&
      before.every((entry, index) => Object.is(entry, after[index])))
  );
}
