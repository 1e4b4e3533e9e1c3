import type { HeldSession, SignedOutReason } from "./state.ts";

/** What one tab tells the others. `since` orders what they know: see `State.begin`. */
export type TabMessage = { since: number } & (
  | { signedIn: boolean; session: HeldSession }
  | { session: null; reason: SignedOutReason }
);

export interface Tabs {
  /** Begins to hear the others; once is enough. */
  listen(): void;
  tell(message: TabMessage): void;
  /** Waits until another tab's message arrives, but not for long: it may have had none to send. */
  message(): Promise<void>;
  close(): void;
}

/** How long a tab that had to wait for its turn waits for the message of the one before it, in milliseconds. */
const MESSAGE_GRACE = 100;

/** The other tabs of the app in this browser. They all learn what came of a request of one; memory to memory. */
export function createTabs(
  name: () => string,
  Channel: () => typeof BroadcastChannel | undefined,
  onMessage: (message: TabMessage) => void,
): Tabs {
  let channel: BroadcastChannel | undefined;
  let isListening = false;
  let heard = () => {};

  return {
    listen() {
      if (isListening) return;
      isListening = true;
      try {
        const Opened = Channel();
        if (!Opened) return;
        channel = new Opened(name());
      } catch {
        return; // denied: this tab is on its own
      }
      channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
        onMessage(data);
        heard();
      };
      // In Node an open channel would keep the process alive.
      (channel as { unref?: () => void }).unref?.();
    },
    tell(message) {
      try {
        channel?.postMessage(message);
      } catch {
        // Closed. The others find out with their next request.
      }
    },
    async message() {
      await new Promise<void>((resolve) => {
        heard = resolve;
        setTimeout(resolve, MESSAGE_GRACE);
      });
    },
    close() {
      channel?.close();
      channel = undefined;
    },
  };
}
