// Wires what the dashboard's pages of figures run.
import { startCharts } from './charts'
import { startLive } from './live'
import { startSwaps } from './swap'

const start = () => [startCharts(), startLive()]

let running = start()
startSwaps(() => {
  for (const stop of running) stop()
  running = start()
})
