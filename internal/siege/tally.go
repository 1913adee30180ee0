package siege

import (
	"fmt"
	"slices"
	"strings"
)

// Holder is who holds an attack.
type Holder string

// The holders. Where an attack's requests are held by several, the last one here counts: polymoat had no say in what RBAC
// refuses, so that another user may find it open.
const (
	Polymoat  Holder = "polymoat"
	APIServer Holder = "API server"
	Webhook   Holder = "webhook"
	RBAC      Holder = "RBAC"
)

var holders = []Holder{Polymoat, APIServer, Webhook, RBAC}

// later is the holder that counts of two.
func later(a, b Holder) Holder {
	return holders[max(slices.Index(holders, a), slices.Index(holders, b))]
}

// Tally counts results. The zero Tally has counted none.
type Tally struct {
	held                map[Holder]int
	Open, NotApplicable int
}

// Add counts a result.
func (t *Tally) Add(r Result) {
	switch r.Verdict {
	case Open:
		t.Open++
	case NotApplicable:
		t.NotApplicable++
	default:
		if t.held == nil {
			t.held = map[Holder]int{}
		}
		t.held[r.By]++
	}
}

// String is the tally as one line: "41 held by polymoat, 9 by RBAC, 3 by the API server, 0 open, 12 not applicable".
func (t Tally) String() string {
	parts := []string{
		fmt.Sprintf("%d held by polymoat", t.held[Polymoat]),
		fmt.Sprintf("%d by RBAC", t.held[RBAC]),
		fmt.Sprintf("%d by the API server", t.held[APIServer]),
	}
	if n := t.held[Webhook]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d by other webhooks", n))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d open", t.Open), fmt.Sprintf("%d not applicable", t.NotApplicable)), ", ")
}
