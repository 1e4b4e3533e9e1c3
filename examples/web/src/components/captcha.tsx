import { type RefObject, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { Config } from "../config.tsx";

export interface CaptchaHandle {
  /** A token is good for one request; then there has to be a new one. */
  reset(): void;
}

/** What both widgets have in common. */
interface Widget {
  render(
    container: HTMLElement,
    options: { sitekey: string; theme: string; callback: (token: string) => void; "expired-callback": () => void },
  ): string | number;
  reset(id: string | number): void;
  remove(id: string | number): void;
}

const WIDGETS: Record<string, { script: string; name: string }> = {
  hcaptcha: { script: "https://js.hcaptcha.com/1/api.js?render=explicit", name: "hcaptcha" },
  turnstile: { script: "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit", name: "turnstile" },
};

const loading = new Map<string, Promise<Widget>>();

/** The provider's own script, loaded where the project has a captcha and nowhere else. */
function widgetOf(provider: string): Promise<Widget> {
  const known = WIDGETS[provider];
  if (!known) return Promise.reject(new Error(`No widget for ${provider}`));
  const begun = loading.get(provider) ?? load(known);
  loading.set(provider, begun);
  begun.catch(() => loading.delete(provider));
  return begun;
}

function load({ script, name }: { script: string; name: string }): Promise<Widget> {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement("script"), { src: script, async: true });
    element.onload = () => resolve(Reflect.get(window, name) as Widget);
    element.onerror = () => reject(new Error(`${script} could not be loaded`));
    document.head.append(element);
  });
}

interface CaptchaProps {
  captcha: NonNullable<Config["captcha"]>;
  /** Null: there is none any more. */
  onToken: (token: string | null) => void;
  ref: RefObject<CaptchaHandle | null>;
}

export function Captcha({ captcha: { provider, siteKey }, onToken, ref }: CaptchaProps) {
  const container = useRef<HTMLDivElement>(null);
  const reset = useRef(() => {});
  const [failed, setFailed] = useState(false);
  useImperativeHandle(ref, () => ({ reset: () => reset.current() }), []);

  useEffect(() => {
    let isThere = true;
    let remove = () => {};
    widgetOf(provider).then(
      (widget) => {
        if (!isThere || !container.current) return;
        const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
        const id = widget.render(container.current, {
          sitekey: siteKey,
          theme,
          callback: onToken,
          "expired-callback": () => onToken(null),
        });
        reset.current = () => {
          onToken(null);
          widget.reset(id);
        };
        remove = () => widget.remove(id);
      },
      () => setFailed(true),
    );
    return () => {
      isThere = false;
      remove();
    };
  }, [provider, siteKey, onToken]);

  return (
    <div className="captcha">
      <div ref={container} />
      {failed && (
        <p className="note error">The check that you are no robot could not be loaded. Reload the page to try again.</p>
      )}
    </div>
  );
}
