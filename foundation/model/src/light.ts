/** The part of the model that needs no schema library at run time: for the web app. */
export * from './api/operations.ts';
export * from './distribution.ts';
export * from './duration.ts';
export * from './format/index.ts';
export * from './reasons.ts';
export * from './state-names.ts';
