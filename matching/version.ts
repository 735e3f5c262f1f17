/** Version of sae-match, as in package.json. */
export const VERSION = '0.1.0';
