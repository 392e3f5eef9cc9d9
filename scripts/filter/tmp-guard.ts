import { readFileSync } from 'node:fs';
import { Manuscript } from '../../src/generator/manuscript.ts';
import { WordGuard } from '../../src/generator/word-guard.ts';
const t=readFileSync('/tmp/f-pk/s1.txt','utf8').slice(0,480000).replaceAll('\u0003','\n');
for (const withGuard of [false,true,false,true]) {
  const t0=performance.now();
  for(let o=0;o<t.length;o+=3000){
    const m=new Manuscript('',3000); const g=new WordGuard({manuscript:m,context:'',temperature:1});
    for(const c of t.slice(o,o+3000)){ if(m.over)break; if(withGuard) g.look(c); m.add(c); }
  }
  const ms=performance.now()-t0; console.log(withGuard, ms|0,'ms', ms/t.length*1000,'us/char');
}
