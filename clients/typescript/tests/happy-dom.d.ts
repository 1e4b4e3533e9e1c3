import "node:stream/web";

declare module "node:stream/web" {
  /** happy-dom's declarations name it; Node's no longer export it. */
  export type UnderlyingDefaultSource<R> = UnderlyingSource<R>;
}
