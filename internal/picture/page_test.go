package picture_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polymoat/polymoat/internal/picture"
	"github.com/polymoat/polymoat/internal/picture/picturetest"
)

func html(t *testing.T, m *picture.Map) string {
	t.Helper()
	var page strings.Builder
	if err := picture.HTML(&page, m); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// What stands in labels and annotations can be written by anybody: it stays text.
func TestPageEscapes(t *testing.T) {
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(1)>`
	p := pod(evil, evil, evil, picture.Misplaced)
	p.Parent, p.Owner, p.Project, p.Because = evil, evil, evil, evil
	m := core(p)
	m.Cluster, m.Pools[0].Nodes[0].Name, m.Pools[0].Name = evil, evil, evil
	page := html(t, m)
	if strings.Contains(page, "alert(1)</script>") || strings.Contains(page, "<img") {
		t.Error("a name becomes a part of the page")
	}
	data := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindStringSubmatch(page)
	var read struct{ Owners []string }
	if data == nil || json.Unmarshal([]byte(data[1]), &read) != nil {
		t.Fatalf("the data cannot be read: %q", data)
	}
	if diff := cmp.Diff([]string{evil}, read.Owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}

// The page needs nothing from elsewhere, and its own policy says so to the browser.
func TestPageIsSelfContained(t *testing.T) {
	page := html(t, picturetest.Cluster(6))
	for _, loads := range []string{"src=", "@import", "url(", "<link", "<iframe", "fetch(", "XMLHttpRequest"} {
		if strings.Contains(page, loads) {
			t.Errorf("the page has %q", loads)
		}
	}
	policy := `content="default-src &#39;none&#39;; style-src &#39;sha256-[^ ]+&#39;; script-src &#39;sha256-[^ ]+&#39;; ` +
		`base-uri &#39;none&#39;; form-action &#39;none&#39;"`
	if !regexp.MustCompile(policy).MatchString(page) {
		t.Error("the page has no policy that forbids everything from elsewhere")
	}
}

// The numbers stand in the page itself, for those without script and for screen readers.
func TestPageNumbers(t *testing.T) {
	page := html(t, picturetest.Spoil(picturetest.Cluster(300)))
	table := regexp.MustCompile(`(?s)<tbody>(.*?)</tbody>`).FindStringSubmatch(page)
	if table == nil {
		t.Fatal("the page has no table")
	}
	var got []string
	for row := range strings.SplitSeq(strings.TrimSpace(table[1]), "\n") {
		cells := regexp.MustCompile(`<[^>]+>`).ReplaceAllString(strings.ReplaceAll(row, "</td>", "|"), "")
		got = append(got, strings.TrimSpace(cells))
	}
	want := []string{
		"core (protected)7|52|36|2||||||14|",
		"experiments260|3,124||1,115||373|371|372|373|520|",
		"builds30|120|||60|||||60|",
		"In no node pool3|12||||||||12|",
		"Waiting for a node|3||1||1|||1||",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// A page lists so many findings, and counts the others.
func TestPageBoundsFindings(t *testing.T) {
	pods := make([]picture.Pod, 130)
	for i := range pods {
		pods[i] = pod("polyaxon", "train", "jobs", picture.Misplaced)
	}
	page := html(t, core(pods...))
	if n := strings.Count(page, "data-node="); n != 100 {
		t.Errorf("%d pods are listed, want 100", n)
	}
	if !strings.Contains(page, `May not be there <span class="quiet">100 and 30 more</span>`) {
		t.Error("the others are not counted")
	}
}
