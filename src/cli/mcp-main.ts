/** `espalier mcp` alone: what the extension offers to the editor's agents. */
import { serveMcp } from './mcp/serve-mcp.ts';

const [version = 'unknown', folder = '.'] = process.argv.slice(2);
void serveMcp(version, folder).then(() => process.exit(0));
