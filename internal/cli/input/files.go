package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/polymoat/polymoat/internal/cli/print"
	"github.com/polymoat/polymoat/internal/manifest"
)

// Stdin is how "-" is called in messages and output.
const Stdin = "<stdin>"

// Extensions are the files that are read from a folder; a file that is named itself may be called anything.
var Extensions = []string{".yaml", ".yml", ".json"}

// expand turns what stands after -f or --policy into files, those of a folder in the order of their names.
func expand(path string, recursive bool) ([]string, error) {
	if path == "-" {
		return []string{Stdin}, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the path %q does not exist", path)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != path && !recursive:
			return filepath.SkipDir
		case !entry.IsDir() && slices.Contains(Extensions, filepath.Ext(name)):
			files = append(files, name)
		}
		return nil
	})
	files, odd := regular(files)
	return files, errors.Join(err, odd)
}

// regular are the files that end. A pipe or a socket would be read for as long as nobody writes to it.
func regular(files []string) ([]string, error) {
	var errs []error
	files = slices.DeleteFunc(files, func(name string) bool {
		info, err := os.Stat(name) // a link counts as what it leads to
		odd := err == nil && !info.Mode().IsRegular()
		if odd {
			errs = append(errs, fmt.Errorf("%s: neither a file nor a link to one; name it by itself to have it read", print.OneLine(name)))
		}
		return odd
	})
	return files, errors.Join(errs...)
}

// Objects reads everything that was named with -f, in order, one file at a time. What cannot be read is reported and
// left out.
func (r Reader) Objects(paths []string, recursive bool) iter.Seq[manifest.Object] {
	return func(yield func(manifest.Object) bool) {
		for _, path := range paths {
			files, err := expand(path, recursive)
			if err != nil {
				r.Fail(err)
			}
			for _, file := range files {
				for _, o := range r.read(file) {
					if !yield(o) {
						return
					}
				}
			}
		}
	}
}

// Open opens a file, or standard input under the name of Stdin.
func (r Reader) Open(name string) (io.ReadCloser, error) {
	if name == Stdin {
		return io.NopCloser(r.In), nil
	}
	return os.Open(name)
}

func (r Reader) read(name string) []manifest.Object {
	in, err := r.Open(name)
	if err != nil {
		r.Fail(err)
		return nil
	}
	defer func() { _ = in.Close() }() // nothing was written
	objects, err := manifest.Read(print.OneLine(name), in)
	if err != nil {
		r.Fail(err)
	}
	return objects
}
