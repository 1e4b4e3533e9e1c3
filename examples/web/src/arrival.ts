import { readArrival } from "@latchkey/client";

/** What a mail's link or a provider brought here. Read once, before the router reads the URL and before anything is drawn. */
export const arrival = readArrival();

const PAGES = ["/account/confirm", "/account/return"];

// Supabase leads to the front page when it has lost the address that it was given.
if (arrival && !PAGES.includes(location.pathname)) {
  history.replaceState(null, "", arrival.kind === "link" ? "/account/confirm" : "/account/return");
}

// A link that is opened in this very tab changes only what is behind the "#": no page would load, and nobody would read it.
addEventListener("hashchange", () => {
  if (location.hash.includes("token_hash=")) location.reload();
});
