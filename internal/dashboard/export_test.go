package dashboard

// HoldHashes lets no password be compared until release is called.
func (d *Dashboard) HoldHashes() (release func()) {
	for range cap(d.hashing) {
		d.hashing <- struct{}{}
	}
	return func() {
		for range cap(d.hashing) {
			<-d.hashing
		}
	}
}
