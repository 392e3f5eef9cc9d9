import { readFileSync, writeFileSync } from 'node:fs';
import { cuss } from 'cuss';
import { createOnnxEngine } from '/work/main/src/generator/engines/onnx.ts';
import { loadModel } from '/work/main/src/generator/model/files.ts';
import { Storyteller } from '/work/main/src/generator/storyteller.ts';
import { mask } from '/work/trees/filter/src/filter/mask.ts';
const [,, name='scifi', T='1', N='1000000', out]=process.argv;
const model=await loadModel('/work/main/models/'+name);
const engine=await createOnnxEngine(model,{capacity:64,threads:2});
const st=new Storyteller(model,engine,{maxWaiting:1000});
let chars=0, seed=0; const texts:string[]=[];
const t0=performance.now();
async function one(){ while(chars<+N){ const s=seed++; const r=await st.tell({prompt:'',context:'',temperature:+T,length:3000,seed:s,model:name}); chars+=r.text.length; texts.push(r.text);} }
await Promise.all(Array.from({length:64},one));
const sec=(performance.now()-t0)/1000;
console.log(name,T,chars,'chars',sec,'s',chars/sec,'/s', 'cpu', process.cpuUsage().user/1e6);
if(out) writeFileSync(out, texts.join('\n\u0003\n'));
const posted=texts.map(mask).join('\n').toLowerCase();
const c=new Map<string,number>();
const words=posted.match(/[a-z0-9]+/g)!;
for(const w of words) if((cuss as any)[w]===2) c.set(w,(c.get(w)??0)+1);
for(const w of Object.keys(cuss)) if(w.includes(' ')&&(cuss as any)[w]===2){const n=posted.split(new RegExp('\\b'+w+'\\b')).length-1;if(n)c.set(w,n);}
console.log([...c].sort((a,b)=>b[1]-a[1]).map(([w,n])=>w+':'+n).join(' '));
process.exit(0);
