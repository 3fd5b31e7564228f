import type { Tool } from '../interaction/gestures';

/** The tool of the left mouse button, in every pane. */
export class Toolbox {
  tool = $state<Tool>('window');
}
