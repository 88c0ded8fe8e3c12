import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

new PolicyPack("vb365", { policies: rules, enforcementLevel: "mandatory" });
