/** The style of a shared page. It is in the page itself, so that a page is one request besides its cover. */
export const SHARE_STYLE = `:root{color-scheme:light dark;--paper:#fdf8ee;--ink:#221a14;--dim:#6b5d50;--mark:#ffe9a8;--link:#8c2415;--line:#dccfb8}
@media(prefers-color-scheme:dark){:root{--paper:#16130f;--ink:#ece3d4;--dim:#b0a390;--mark:#54430f;--link:#ffb08a;--line:#3f372c}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1.125rem/1.65 Georgia,"Times New Roman",serif;overflow-wrap:anywhere}
main,.top,.facts{max-width:42rem;margin:0 auto;padding:0 1.25rem}
.top{padding-top:1rem;font:600 .95rem/1.4 system-ui,sans-serif}
a{color:var(--link)}
a:focus-visible{outline:3px solid var(--link);outline-offset:3px}
img{display:block;width:100%;height:auto;margin:1rem 0 1.75rem;border-radius:.4rem;background:var(--line)}
h1{font-size:clamp(1.7rem,6vw,2.5rem);line-height:1.15;margin:0 0 .4rem;text-wrap:balance}
.by,.facts{color:var(--dim);font:.9rem/1.55 system-ui,sans-serif}
.by{margin:0 0 1.75rem}
article p{margin:0 0 1em;unicode-bidi:plaintext}
mark{background:var(--mark);color:var(--ink);border-radius:.15em;padding:.05em .1em}
.own{margin:2.25rem 0;font:600 1rem/1.4 system-ui,sans-serif}
.own a{display:inline-block;padding:.7rem 1.2rem;border:2px solid;border-radius:.5rem;text-decoration:none}
.facts{border-top:1px solid var(--line);padding-top:1rem;padding-bottom:3rem}
.facts p,.facts ol{margin:0 0 .5rem}
.facts ol{padding-left:1.4rem}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--dim:#444;--mark:transparent;--link:#000;--line:#999}
.top,.own{display:none}body{font-size:11pt}mark{font-weight:bold}img{max-width:100%;max-height:9cm;width:auto;margin-inline:auto}article p{orphans:3;widows:3}}`;
