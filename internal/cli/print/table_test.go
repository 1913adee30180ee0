package print

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	tab := Table{
		Columns: []Column{{Title: "name"}, {Title: "never said"}, {Title: "what it is"}, {Title: "aside", Wide: true}},
		Rows: [][]string{
			{"`short`", "", "a | b", "`x`"},
			{"`" + strings.Repeat("long", 10) + "`", "", strings.Repeat("word ", 8) + `{"a":"b","c":"d"}`, ""},
		},
	}
	wantText := `NAME                                      WHAT IT IS
short                                     a | b
longlonglonglonglonglonglonglonglonglong  word word word word word word word
                                          word {"a":"b", "c":"d"}
`
	wantMarkdown := "| name | what it is | aside |\n|---|---|---|\n| `short` | a \\| b | `x` |\n" +
		"| `longlonglonglonglonglonglonglonglonglong` | word word word word word word word word {\"a\":\"b\",\"c\":\"d\"} |  |\n"
	if diff := cmp.Diff(wantText, tab.Fitted(UsualWidth)); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantMarkdown, tab.Markdown()); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
	if got := (Table{Columns: tab.Columns}).Fitted(UsualWidth) + (Table{Columns: tab.Columns}).Markdown(); got != "" {
		t.Errorf("a table without rows is %q, want nothing", got)
	}
}
