import{t as e}from"./hub.js";import{t}from"./issue.js";import{H as n,V as r,b as i,g as a,m as o,p as s,v as c}from"./core.js";import{join as l}from"node:path";import{mkdirSync as u,mkdtempSync as d,readFileSync as f,rmSync as p,writeFileSync as m}from"node:fs";import{tmpdir as h}from"node:os";const g=[`edge-001`,`edge-002`,`edge-003`],_=`version: 1
defaults:
  certificates:
    primary: certs/{id}-primary.pem
    secondary: certs/{id}-secondary.pem
  runtime: { version: "1.1", platform: debian }
devices:
  - id: edge-001
  - id: edge-002
    config: { hostname: press-2.plant.example }
  - id: edge-003
    status: disabled
    statusReason: awaiting repair
`,v=_.replace(`id: edge-002`,`id: edge-002
    certificates: { primary: certs/edge-001-primary.pem }`).replace(`status: disabled`,`status: disbaled`).replace(`press-2.plant.example`,`press_2`);async function y(n){let r=d(l(h(),`provision-iot-edge-demo-`)),i=await e({directory:l(r,`hub`)});try{let e=l(r,`repository`);u(e);let a=b(e,i.connectionString,i.caFile);n(`1. Demo certificates for ${g.join(`, `)}: a root, a primary and a secondary each.`);let o=l(r,`device-keys`);await t({ids:g,certificatesDirectory:l(e,`certs`),keysDirectory:o,now:new Date}),n(`2. An embedded IoT Hub listens at ${i.url}.\n\n3. devices.yaml:\n`),m(l(e,`devices.yaml`),_),n(S(_)),n(`4. provision-iot-edge apply
`);let s=await a(`apply`);x(s,n);let[c]=s.bundles;if(c===void 0||s.result!==`changed`)return 1;n(`\n5. device-bundles/${c.directory}/config.yaml, ready to place on the device:\n`),n(S(f(l(e,`device-bundles`,c.directory,`config.yaml`),`utf8`))),n(`6. provision-iot-edge apply, once more
`);let d=i.counts().registryWrites,p=await a(`apply`);x(p,n),n(S(`(the hub counted ${i.counts().registryWrites-d} writes)`)),n(`
7. The same with mistakes: a wrong certificate, a misspelt status, a host name that no device can have.
`),m(l(e,`devices.yaml`),v);let h=await a(`apply`);return x(h,n),p.result===`unchanged`&&h.result===`invalid`?0:1}finally{await i.close(),p(r,{recursive:!0,force:!0})}}function b(e,t,n){return async r=>{let l=await s(t),u=c({command:r,manifest:`devices.yaml`},{directory:e,credentialHubs:l.map(({host:e})=>e),findings:[]});return i(u,o({workspace:a(e),credentials:l,caFile:n,env:process.env,progress:{phase:()=>{},written:()=>{}}}))}}function x(e,t){t(S(n(e,r).join(`
`)))}function S(e){return e.replace(/^(?=.)/gm,`   `)}export{y as runDemo};