import { createShellParser } from './gate/shell/shellParser';
import {readFileSync} from 'node:fs';
const d='/tmp/w/shell/dist/';
const p=createShellParser({treeSitterWasm:()=>readFileSync(d+'tree-sitter.wasm'),bashWasm:()=>readFileSync(d+'tree-sitter-bash.wasm'),powershellWasm:()=>readFileSync(d+'tree-sitter-powershell.wasm'),nowMs:()=>Date.now()});
void p('ls -la','bash').then(x=>console.log(JSON.stringify(x)));
