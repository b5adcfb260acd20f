// The page's style sheet, whole. Colours have a contrast of at least 4.5 to their ground in both schemes.
#pragma once

#include <string_view>

namespace muster::reports {

inline constexpr std::string_view kPageStyle = R"css(
:root{color-scheme:light dark;--ground:#fbfbf9;--card:#fff;--ink:#17212b;--quiet:#4c5966;--line:#d9dde1;--link:#0b57a4;--fail:#a3131c;--undecided:#7a4a00;--pass:#12663a}
@media (prefers-color-scheme:dark){:root{--ground:#11161b;--card:#1a2128;--ink:#e8edf2;--quiet:#a9b5c1;--line:#35404a;--link:#8ec5ff;--fail:#ff9a9a;--undecided:#ffc876;--pass:#7fdcaa}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:3rem}
h1{font-size:2.4rem;line-height:1.15;letter-spacing:-.02em;margin:.2rem 0 .6rem}
h2{font-size:1.4rem;margin:3rem 0 1rem}
h3{display:inline;font-size:1.05rem;margin:0}
a{color:var(--link)}
a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.brand,.lead,.meta,dt,caption{color:var(--quiet)}
.brand{font-weight:600;letter-spacing:.08em;text-transform:uppercase;font-size:.8rem;margin:0}
.lead{font-size:1.15rem;max-width:52rem}
.failed{color:var(--fail)}
.undecided{color:var(--undecided)}
.passed{color:var(--pass)}
.tiles{list-style:none;display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;padding:0;margin:1.5rem 0}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem}
.tiles strong{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem;margin:0}
dd{margin:0}
code{font:.88em/1.5 ui-monospace,monospace}
details{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem;margin:0 0 1rem}
summary{cursor:pointer}
.state{font-weight:700;margin-right:.5rem}
.meta{font-size:.9rem;margin:.3rem 0}
table{width:100%;border-collapse:collapse;margin:.8rem 0;font-size:.93rem}
caption{text-align:left;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem .5rem 0;border-top:1px solid var(--line)}
tr:target{outline:2px solid var(--link)}
svg{display:block;border-radius:4px;max-width:100%}
footer{padding-bottom:4rem;color:var(--quiet)}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{:root{--ground:#fff;--card:#fff;--ink:#000;--quiet:#333;--line:#999;--link:#000;--fail:#000;--undecided:#000;--pass:#000}body{font-size:10pt}header{padding-top:0}details{border:0;padding:0}thead{display:table-header-group}tr{break-inside:avoid}h2,summary{break-after:avoid}}
)css";

}  // namespace muster::reports
