/** Channel types: one file and one line each. */
export const channelTypes = {
  email: () => import('./email.ts'),
  slack: () => import('./slack.ts'),
  webhook: () => import('./webhook.ts'),
};
