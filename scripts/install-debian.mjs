// Installs the Debian packages of all tests, where they can be installed: beside npm's packages, which take as long.
import { installBrowser, installCompilers, installSlurm } from './setup.mjs';

if (process.platform === 'linux') installBrowser();
installCompilers();
installSlurm();
