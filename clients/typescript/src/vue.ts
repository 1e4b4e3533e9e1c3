import {
  getCurrentInstance,
  type InjectionKey,
  inject,
  onMounted,
  onScopeDispose,
  type Plugin,
  type ShallowRef,
  shallowRef,
} from "vue";
import { findOut } from "./core/find-out.ts";
import type { Snapshot } from "./core/state.ts";
import type { Latchkey } from "./latchkey.ts";

const KEY: InjectionKey<Latchkey> = Symbol("latchkey");

/** Gives the client to all components: `app.use(latchkeyPlugin(latchkey))`. */
export function latchkeyPlugin(client: Latchkey): Plugin<[]> {
  return { install: (app) => void app.provide(KEY, client) };
}

/** The client, for what is to be done with it. */
export function useLatchkey(): Latchkey {
  const client = inject(KEY, null);
  if (!client) throw new Error("useLatchkey and useSession are used without latchkeyPlugin");
  return client;
}

/**
 * Who is signed in; changes when that does, in whichever tab. Finds it out at start-up, once the component is mounted: on a
 * server, and while a page hydrates, it is `unknown`.
 */
export function useSession(): Readonly<ShallowRef<Snapshot>> {
  const client = useLatchkey();
  const session = shallowRef(client.getSnapshot());
  if (typeof window === "undefined") return session;
  onScopeDispose(
    client.subscribe((snapshot) => {
      session.value = snapshot;
    }),
  );
  if (getCurrentInstance()) onMounted(() => findOut(client));
  else findOut(client);
  return session;
}
