"""The look of the page: readable in light and dark, on a telephone and on paper."""

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --line: #d5dae0; --band: #f4f6f8;
  --c0: #0b62b8; --c1: #b84a00; --c2: #00796b; --c3: #8e2a8b;
  --c4: #7a6000; --c5: #b3203f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebee; --soft: #a7b0ba; --paper: #14181d; --line: #363d46; --band: #1e242b;
    --c0: #6cb4ff; --c1: #ff9d57; --c2: #4fd1bd; --c3: #e597e2; --c4: #d9bf4a; --c5: #ff8fa3; }
}
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; }
.soft, figcaption, caption { color: var(--soft); }
.answers li { margin: .35rem 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.2rem; }
figure { margin: 0; padding: .8rem; border: 1px solid var(--line); border-radius: .5rem; }
figcaption { margin-bottom: .4rem; }
figure > svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 15px system-ui, sans-serif; }
.axis { fill: none; stroke: var(--soft); }
.grid { fill: none; stroke: var(--line); stroke-width: .7; }
.style0 { --c: var(--c0); } .style1 { --c: var(--c1); } .style2 { --c: var(--c2); } .style3 { --c: var(--c3); }
.style4 { --c: var(--c4); } .style5 { --c: var(--c5); }
.curve { fill: none; stroke: var(--c); stroke-width: 2; }
.style1 .curve { stroke-dasharray: 7 3; } .style2 .curve { stroke-dasharray: 2 3; }
.style3 .curve { stroke-dasharray: 9 3 2 3; } .style4 .curve { stroke-dasharray: 12 3; }
.style5 .curve { stroke-dasharray: 4 2 1 2; }
.spread { fill: none; stroke: var(--c); stroke-width: 5; opacity: .35; }
.mark { fill: var(--c); stroke: var(--paper); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .4rem 0 0; }
.key { width: 1rem; height: 1rem; margin-right: .4rem; vertical-align: -.15rem; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .25rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { background: var(--band); font-weight: 600; }
pre { white-space: pre-wrap; background: var(--band); padding: .8rem; border-radius: .5rem; font-size: .88rem; }
"""
