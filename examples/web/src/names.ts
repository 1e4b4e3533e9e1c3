/** How providers write themselves. */
const NAMES: Record<string, string> = {
  azure: "Microsoft",
  bitbucket: "Bitbucket",
  email: "E-mail",
  github: "GitHub",
  gitlab: "GitLab",
  linkedin_oidc: "LinkedIn",
  slack_oidc: "Slack",
  workos: "WorkOS",
};

export function providerName(provider: string): string {
  return NAMES[provider] ?? provider.charAt(0).toUpperCase() + provider.slice(1);
}

const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export function when(time: string): string {
  return WHEN.format(new Date(time));
}
