/** A bundle of its own, which the first recipe that is opened loads: half of what would be read until the extension is active. */
export { ClientCapabilities, getLanguageService, TextDocument } from 'vscode-json-languageservice';
