require("./rolldown-runtime.js");const e=require("./hub.js"),t=require("./issue.js"),n=require("./core.js"),r=require("./lines.js");let i=require("node:path"),a=require("node:fs"),o=require("node:os");const s=[`edge-001`,`edge-002`,`edge-003`],c=`version: 1
defaults:
  certificates:
    primary: certs/{id}-primary.pem
    secondary: certs/{id}-secondary.pem
  runtime: { version: "1.6", platform: debian }
devices:
  - id: edge-001
  - id: edge-002
    runtime: { version: "1.1" }
    config: { hostname: press-2.plant.example }
  - id: edge-003
    status: disabled
    statusReason: awaiting repair
`,l=c.replace(`id: edge-002`,`id: edge-002
    certificates: { primary: certs/edge-001-primary.pem }`).replace(`status: disabled`,`status: disbaled`).replace(`press-2.plant.example`,`press_2`);async function u(n){let u=(0,a.mkdtempSync)((0,i.join)((0,o.tmpdir)(),`provision-iot-edge-demo-`)),m=await e.t({directory:(0,i.join)(u,`hub`)});try{let e=(0,i.join)(u,`repository`);(0,a.mkdirSync)(e);let o=d(e,m.connectionString,m.caFile);n(r.t[`demo-certificates`]({ids:s}));let h=(0,i.join)(u,`device-keys`);await t.t({ids:s,certificatesDirectory:(0,i.join)(e,`certs`),keysDirectory:h,now:new Date}),n(r.t[`demo-hub`]({url:m.url})),(0,a.writeFileSync)((0,i.join)(e,`devices.yaml`),c),n(p(c)),n(r.t[`demo-apply`]());let g=await o(`apply`);f(g,n);let[_]=g.bundles;if(_===void 0||g.result!==`changed`)return 1;let v=(t,n)=>p((0,a.readFileSync)((0,i.join)(e,`device-bundles`,t,n),`utf8`));n(r.t[`demo-bundle`]({directory:_.directory})),n(v(_.directory,`config.toml`)),n(r.t[`demo-older-bundle`]()),n(v(`edge-002`,`config.yaml`)),n(r.t[`demo-again`]());let y=m.counts().registryWrites,b=await o(`apply`);f(b,n),n(p(r.t[`demo-writes`]({writes:m.counts().registryWrites-y}))),n(r.t[`demo-mistakes`]()),(0,a.writeFileSync)((0,i.join)(e,`devices.yaml`),l);let x=await o(`apply`);return f(x,n),b.result===`unchanged`&&x.result===`invalid`?0:1}finally{await m.close(),(0,a.rmSync)(u,{recursive:!0,force:!0})}}function d(e,t,r){return async i=>{let{request:a,signIn:o,endpoints:s}=await n.R({command:i,manifest:`devices.yaml`,"connection-string":t},{directory:e}),c=await n.z(o,s,{mask:()=>{}});return n.G(a,n.j({command:`apply`,workspace:n.xn(e),credentials:c,caFile:r,env:process.env,progress:{phase:()=>{},waiting:()=>{},warning:()=>{},written:()=>{}}}))}}function f(e,t){t(p(n.jn(e,n.Pn).join(`
`)))}function p(e){return e.replace(/^(?=.)/gm,`   `)}exports.runDemo=u;