require("./rolldown-runtime.js");const e=require("./hub.js"),t=require("./issue.js"),n=require("./core.js");let r=require("node:path"),i=require("node:os"),a=require("node:fs");const o=[`edge-001`,`edge-002`,`edge-003`],s=`version: 1
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
`,c=s.replace(`id: edge-002`,`id: edge-002
    certificates: { primary: certs/edge-001-primary.pem }`).replace(`status: disabled`,`status: disbaled`).replace(`press-2.plant.example`,`press_2`);async function l(n){let l=(0,a.mkdtempSync)((0,r.join)((0,i.tmpdir)(),`provision-iot-edge-demo-`)),p=await e.t({directory:(0,r.join)(l,`hub`)});try{let e=(0,r.join)(l,`repository`);(0,a.mkdirSync)(e);let i=u(e,p.connectionString,p.caFile);n(`1. Demo certificates for ${o.join(`, `)}: a root, a primary and a secondary each.`);let m=(0,r.join)(l,`device-keys`);await t.t({ids:o,certificatesDirectory:(0,r.join)(e,`certs`),keysDirectory:m,now:new Date}),n(`2. An embedded IoT Hub listens at ${p.url}.\n\n3. devices.yaml:\n`),(0,a.writeFileSync)((0,r.join)(e,`devices.yaml`),s),n(f(s)),n(`4. provision-iot-edge apply
`);let h=await i(`apply`);d(h,n);let[g]=h.bundles;if(g===void 0||h.result!==`changed`)return 1;n(`\n5. device-bundles/${g.directory}/config.yaml, ready to place on the device:\n`),n(f((0,a.readFileSync)((0,r.join)(e,`device-bundles`,g.directory,`config.yaml`),`utf8`))),n(`6. provision-iot-edge apply, once more
`);let _=p.counts().registryWrites,v=await i(`apply`);d(v,n),n(f(`(the hub counted ${p.counts().registryWrites-_} writes)`)),n(`
7. The same with mistakes: a wrong certificate, a misspelt status, a host name that no device can have.
`),(0,a.writeFileSync)((0,r.join)(e,`devices.yaml`),c);let y=await i(`apply`);return d(y,n),v.result===`unchanged`&&y.result===`invalid`?0:1}finally{await p.close(),(0,a.rmSync)(l,{recursive:!0,force:!0})}}function u(e,t,r){return async i=>{let{readConnectionStrings:a}=await Promise.resolve().then(()=>require("./connection-string.js")),o=a(t),s=n.D({command:i,manifest:`devices.yaml`},{directory:e,credentialHubs:o.map(({host:e})=>e),findings:[]});return n.N(s,n.g({command:`apply`,workspace:n.v(e),credentials:o,caFile:r,env:process.env,progress:{phase:()=>{},warning:()=>{},written:()=>{}}}))}}function d(e,t){t(f(n.kt(e,n.Ot).join(`
`)))}function f(e){return e.replace(/^(?=.)/gm,`   `)}exports.runDemo=l;