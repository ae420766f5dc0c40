/** Loaded when there is somebody to ask. By a statement: the bundler knows the names of a CommonJS package only then. */
export { Agent } from 'undici';
