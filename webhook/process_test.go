//go:build !race

package webhook

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/polymoat/polymoat/certs"
)

// memoryOfProcess is the limit that the chart gives a container.
const memoryOfProcess = 256 << 20

// process is a server in a process of its own, with one processor: what sends it reviews needs the other ones.
type process struct {
	address string
	pid     int
	client  *http.Client
}

func startProcess(t *testing.T) *process {
	t.Helper()
	dir := t.TempDir()
	if _, err := certs.Open(dir); err != nil {
		t.Fatal(err)
	}
	p := &process{address: freeAddress(t), client: (&running{dir: dir}).client()}
	p.pid = serveApart(t, "polymoat", p.address, dir, "GOMAXPROCS=1", fmt.Sprintf("GOMEMLIMIT=%d", memoryOfProcess))
	eventually(t, "the server is ready", func() bool {
		code, _ := fetch(t, p.client, "https://"+p.address+"/readyz")
		return code == http.StatusOK
	})
	return p
}

// processorTime is how many hundredths of a second the process has run, as Linux tells it: fields 14 and 15 of its stat.
func (p *process) processorTime() (ticks int, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return 0, err
	}
	var user, system int
	_, rest, _ := strings.Cut(string(stat), ") ") // after the name, which may have blanks
	fields := strings.Fields(rest)
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return user + system, nil
}
