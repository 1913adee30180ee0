package picture

import (
	"math"

	"github.com/fatih/color"

	"github.com/polymoat/polymoat/internal/api/v1alpha1"
)

// colour is how a role looks: as a cell of the page with its letter on it, in the light and in the dark scheme, and as a
// letter in a terminal.
type colour struct {
	Light, Dark string // "#1d4ed8"
	terminal    []color.Attribute
}

// none is in place of an index for pods that no policy governs.
const none = math.MaxInt

var noneColour = colour{"#64748b", "#94a3b8", []color.Attribute{color.Faint}}

// palette are the colours of the known roles in their order, then those of a policy's own roles. A letter in the page's
// background stands out on each of them; a test measures it.
var palette = []colour{
	{"#1d4ed8", "#93c5fd", []color.Attribute{color.FgHiBlue, color.Bold}}, // core
	{"#0f766e", "#5eead4", []color.Attribute{color.FgHiCyan}},             // experiments
	{"#15803d", "#86efac", []color.Attribute{color.FgHiGreen}},            // jobs
	{"#b45309", "#fcd34d", []color.Attribute{color.FgHiYellow}},           // builds
	{"#7e22ce", "#d8b4fe", []color.Attribute{color.FgHiMagenta}},          // notebooks
	{"#be185d", "#f9a8d4", []color.Attribute{color.FgMagenta}},            // tensorboards
	{"#0369a1", "#7dd3fc", []color.Attribute{color.FgCyan}},               // services
	{"#4d7c0f", "#bef264", []color.Attribute{color.FgGreen}},              // distributed
	{"#57534e", "#d6d3d1", []color.Attribute{color.FgYellow}},             // helpers
	{"#334155", "#cbd5e1", []color.Attribute{color.FgWhite}},              // other
	{"#4338ca", "#a5b4fc", []color.Attribute{color.FgBlue}},
	{"#c2410c", "#fdba74", []color.Attribute{color.FgHiYellow}},
	{"#0e7490", "#67e8f9", []color.Attribute{color.FgHiCyan}},
}

// colourOf is the index in palette; a policy's own roles take theirs in turn.
func colourOf(i int) int {
	known := len(v1alpha1.KnownRoles)
	if i == none || i < known {
		return i
	}
	return known + (i-known)%(len(palette)-known)
}

// scheme are the other colours of the page, by the name of their CSS variable.
type scheme struct {
	Page, Panel, Text, Muted, Line, Control, Focus string
	Good, GoodPanel, Bad, BadPanel                 string
}

var light = scheme{
	Page: "#f8fafc", Panel: "#ffffff", Text: "#0f172a", Muted: "#475569", Line: "#cbd5e1", Control: "#64748b", Focus: "#1d4ed8",
	Good: "#166534", GoodPanel: "#f0fdf4", Bad: "#b91c1c", BadPanel: "#fef2f2",
}

var dark = scheme{
	Page: "#0b1120", Panel: "#131c2e", Text: "#e2e8f0", Muted: "#a3b1c6", Line: "#334155", Control: "#7f8ea3", Focus: "#93c5fd",
	Good: "#86efac", GoodPanel: "#0f2a1c", Bad: "#fca5a5", BadPanel: "#331519",
}
