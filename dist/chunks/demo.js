import{t as e}from"./hub.js";import{t}from"./issue.js";import{mt as n,pt as r,v as i}from"./core2.js";import{c as a,n as o}from"./world.js";import{t as s}from"./workspace.js";import{join as c}from"node:path";import{tmpdir as l}from"node:os";import{mkdirSync as u,mkdtempSync as d,readFileSync as f,rmSync as p,writeFileSync as m}from"node:fs";const h=[`edge-001`,`edge-002`,`edge-003`],g=`version: 1
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
`,_=g.replace(`id: edge-002`,`id: edge-002
    certificates: { primary: certs/edge-001-primary.pem }`).replace(`status: disabled`,`status: disbaled`).replace(`press-2.plant.example`,`press_2`);async function v(n){let r=d(c(l(),`provision-iot-edge-demo-`)),i=await e({directory:c(r,`hub`)});try{let e=c(r,`repository`);u(e);let a=y(e,i.connectionString,i.caFile);n(`1. Demo certificates for ${h.join(`, `)}: a root, a primary and a secondary each.`);let o=c(r,`device-keys`);await t({ids:h,certificatesDirectory:c(e,`certs`),keysDirectory:o,now:new Date}),n(`2. An embedded IoT Hub listens at ${i.url}.\n\n3. devices.yaml:\n`),m(c(e,`devices.yaml`),g),n(x(g)),n(`4. provision-iot-edge apply
`);let s=await a(`apply`);b(s,n);let[l]=s.bundles;if(l===void 0||s.result!==`changed`)return 1;n(`\n5. device-bundles/${l.directory}/config.yaml, ready to place on the device:\n`),n(x(f(c(e,`device-bundles`,l.directory,`config.yaml`),`utf8`))),n(`6. provision-iot-edge apply, once more
`);let d=i.counts().registryWrites,p=await a(`apply`);b(p,n),n(x(`(the hub counted ${i.counts().registryWrites-d} writes)`)),n(`
7. The same with mistakes: a wrong certificate, a misspelt status, a host name that no device can have.
`),m(c(e,`devices.yaml`),_);let v=await a(`apply`);return b(v,n),p.result===`unchanged`&&v.result===`invalid`?0:1}finally{await i.close(),p(r,{recursive:!0,force:!0})}}function y(e,t,n){return async r=>{let{readConnectionStrings:c}=await import(`./connection-string.js`),l=c(t),u=a({command:r,manifest:`devices.yaml`},{directory:e,credentialHubs:l.map(({host:e})=>e),findings:[]});return i(u,o({command:`apply`,workspace:s(e),credentials:l,caFile:n,env:process.env,progress:{phase:()=>{},warning:()=>{},written:()=>{}}}))}}function b(e,t){t(x(n(e,r).join(`
`)))}function x(e){return e.replace(/^(?=.)/gm,`   `)}export{v as runDemo};