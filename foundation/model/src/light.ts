/** The part of the model that needs no schema library at run time: for the web app's entry. */
export * from './api/operations.ts';
export * from './duration.ts';
export * from './reasons.ts';
