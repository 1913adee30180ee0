package manifest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse reads any bytes and looks for pods in what came of them. Nothing may panic, every line lies within the
// text, and every pod has a decoded form.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("{\"kind\":\"List\",\"items\":[{\"kind\":\"A\"},3]}{"))
	f.Add([]byte("%YAML 1.1\n---\na: &a [*a]\n...\n\ufeff--- {kind: A, spec: {containers: [1]}}\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, _ := Read("fuzz", bytes.NewReader(data))
		last := 1 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r"))
		for _, o := range objects {
			if o.Line < 1 || o.Line > last {
				t.Errorf("line %d of %d", o.Line, last)
			}
			pods, _ := Pods(o)
			for _, pod := range pods {
				if pod.Pod == nil || pod.Raw == nil {
					t.Errorf("%s: pod %q without a form", o, pod.Path)
				}
			}
		}
	})
}
