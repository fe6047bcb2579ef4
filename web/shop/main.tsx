import "../shared/tokens.css";
import "../shared/parts.css";
import "./shop.css";
import { start } from "../shared/start";
import { Page } from "./Page";

start(<Page />);
