import "../shared/tokens.css";
import "../shared/parts.css";
import "./driver.css";
import { start } from "../shared/start";
import { Page } from "./Page";
import { openOutbox } from "./phone/outbox";
import { standBy } from "./phone/worker";

void openOutbox();
start(<Page />);
standBy();
