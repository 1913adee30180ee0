package print

import (
	"bytes"
	"os"
	"testing"
)

func TestKnowsUnicode(t *testing.T) {
	for name, tc := range map[string]struct {
		system string
		env    map[string]string
		want   bool
	}{
		"UTF-8":                  {"linux", map[string]string{"LANG": "en_GB.UTF-8"}, true},
		"utf8":                   {"linux", map[string]string{"LANG": "C.utf8"}, true},
		"LC_ALL before LANG":     {"linux", map[string]string{"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, false},
		"LC_CTYPE before LANG":   {"linux", map[string]string{"LC_CTYPE": "C.UTF-8", "LANG": "C"}, true},
		"another encoding":       {"linux", map[string]string{"LANG": "de_DE.ISO-8859-1"}, false},
		"no locale":              {"linux", nil, false},
		"no locale on Windows":   {"windows", nil, true},
		"another one on Windows": {"windows", map[string]string{"LANG": "C"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := knowsUnicode(tc.system, func(key string) string { return tc.env[key] }); got != tc.want {
				t.Errorf("knows Unicode: %t, want %t", got, tc.want)
			}
		})
	}
}

// What is no terminal is as wide as terminals usually are.
func TestWidthOf(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	for _, out := range []any{file, &bytes.Buffer{}} {
		if got := widthOf(out); got != 80 {
			t.Errorf("%T is %d wide, want 80", out, got)
		}
	}
}
